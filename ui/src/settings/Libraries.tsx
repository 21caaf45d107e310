import React, { useState } from "react";
import { Button, Form } from "react-bootstrap";
import type { LibrariesAnswer, PlexLibrary } from "../calls";
import { counted } from "../format";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Loaded, Notice } from "../parts/Notice";
import { useAction } from "../parts/useAction";
import { useCall } from "../state/useCall";
import { useSettingsState } from "./context";
import { isChosen, isLibrary, toggled } from "./libraryNames";
import { LibraryRules } from "./LibraryRules";
import { joinList, splitList } from "./lists";
import { SettingField } from "./SettingField";

const TYPE_TEXT: Record<string, string> = {
  movie: "Movies or Other Videos",
  show: "TV Shows",
  artist: "Music",
  photo: "Photos",
};

/** The libraries to write to, as check boxes; as text while Plex does not answer. */
export function Libraries(): React.JSX.Element | null {
  const { answer, row } = useSettingsState();
  const setting = row("plex_libraries");
  const version = [row("plex_url")?.value, answer.token, setting?.value].join("\n");
  const libraries = useCall("libraries", {}, version);
  if (!setting) return null;
  return (
    <div id="plexsync-part-libraries" tabIndex={-1} data-testid="plexsync-libraries">
      <h3>{setting.label}</h3>
      <Loaded of={libraries}>
        {(loaded) =>
          loaded.problem ? (
            <>
              <Notice level="warning">
                {loaded.problem} Until then you can type the names of libraries.
              </Notice>
              <SettingField name="plex_libraries" />
              <LibraryRules titles={[]} />
            </>
          ) : (
            <>
              <Boxes key={String(setting.value)} loaded={loaded} stored={String(setting.value)} />
              <LibraryRules titles={supportedTitles(loaded)} />
            </>
          )
        }
      </Loaded>
    </div>
  );
}

function supportedTitles(loaded: LibrariesAnswer): string[] {
  return loaded.libraries.filter((one) => one.is_supported).map((one) => one.title);
}

interface BoxesProps {
  loaded: LibrariesAnswer;
  /** The setting: names of libraries, "" for all. */
  stored: string;
}

function Boxes({ loaded, stored }: BoxesProps): React.JSX.Element {
  const { save } = useSettingsState();
  const [isBusy, act] = useAction();
  const names = splitList(stored, ",");
  const [isAll, setIsAll] = useState(names.length === 0);
  const [chosen, setChosen] = useState<readonly string[]>(names);
  const [error, setError] = useState("");
  const titles = supportedTitles(loaded);
  const missing = chosen.filter((name) => !titles.some((title) => isLibrary(title, name)));
  const text = isAll ? "" : joinList(chosen, ",");
  const isSame = isAll === (names.length === 0) && text === joinList(names, ",");

  const store = (event: React.FormEvent): void => {
    event.preventDefault();
    if (!isAll && chosen.length === 0) {
      setError("Choose at least one library, or all.");
      return;
    }
    if (text === null) {
      setError(
        "A library's name cannot be written in this list. Rename it in Plex, or choose all.",
      );
      return;
    }
    let wrong = "";
    void act(async () => {
      wrong = (await save({ plex_libraries: text === "" ? null : text })).plex_libraries ?? "";
      return wrong ? "" : "Plex libraries: saved.";
    }).then(() => setError(wrong));
  };
  const change = (next: readonly string[]): void => {
    setChosen(next);
    setError("");
  };
  return (
    <Form onSubmit={store}>
      <Form.Check
        type="radio"
        id="plexsync-libraries-all"
        name="plexsync-libraries"
        label="All libraries of the types Movies and Other Videos (default)"
        checked={isAll}
        onChange={() => setIsAll(true)}
      />
      <Form.Check
        type="radio"
        id="plexsync-libraries-some"
        name="plexsync-libraries"
        label="Only these"
        checked={!isAll}
        onChange={() => setIsAll(false)}
      />
      <fieldset className="ml-4" disabled={isAll}>
        <legend className="sr-only">Libraries</legend>
        {loaded.libraries.map((library) => (
          <Form.Check
            key={library.id}
            type="checkbox"
            id={`plexsync-library-${library.id}`}
            label={<LibraryText library={library} />}
            disabled={isAll || !library.is_supported}
            checked={library.is_supported && (isAll || isChosen(chosen, library.title))}
            onChange={() => change(toggled(chosen, library.title))}
          />
        ))}
        {missing.map((name) => (
          <Form.Check
            key={name}
            type="checkbox"
            id={`plexsync-missing-${name}`}
            label={`${name}: Plex has no library of this name`}
            checked
            onChange={() => change(chosen.filter((one) => one !== name))}
          />
        ))}
      </fieldset>
      {loaded.libraries.length === 0 && <p className="text-muted">Plex shows no library.</p>}
      <ErrorAlert text={error} />
      <Button type="submit" className="mt-2 mb-3" disabled={isBusy || isSame}>
        Save libraries
      </Button>
    </Form>
  );
}

function LibraryText({ library }: { library: PlexLibrary }): React.JSX.Element {
  const items = library.items === null ? "" : `, ${counted(library.items, "item")}`;
  const note = library.is_supported ? "" : "; PlexSync does not write to this type";
  return (
    <>
      {library.title}
      <br />
      <small className="plexsync-text">
        {TYPE_TEXT[library.type] ?? library.type}
        {items}
        {library.folders.length > 0 && `, ${library.folders.join(", ")}`}
        {note}
      </small>
    </>
  );
}
