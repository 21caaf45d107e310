import React, { useState } from "react";
import { Button, Form } from "react-bootstrap";
import type { SettingRow, TypedRule } from "../calls";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Icon } from "../parts/Icon";
import { Notice } from "../parts/Notice";
import { useAction } from "../parts/useAction";
import { call } from "../stash/client";
import { useSettingsState } from "./context";
import {
  filledRules,
  isSame,
  libraryHint,
  NEW_RULE,
  readValue,
  shownValue,
  storedErrors,
  typedRules,
  valueChoices,
  withSetting,
} from "./rules";

const LIBRARIES = "plexsync-library-titles";

/** Other fields and formats for single libraries, as a table; `titles`: those that Plex has. */
export function LibraryRules({ titles }: { titles: string[] }): React.JSX.Element | null {
  const { answer, row } = useSettingsState();
  const setting = row("library_rules");
  if (!setting) return null;
  return (
    <div id="plexsync-part-rules" tabIndex={-1} data-testid="plexsync-rules">
      <h3>{setting.label}</h3>
      <p className="sub-heading">
        Other values of field settings for the items of one library, for example another tagline or
        no studio. Without a rule the settings below hold for every library.
      </p>
      {setting.problem && <Notice level="danger">{setting.problem}</Notice>}
      <Table key={JSON.stringify(answer.rules)} setting={setting} titles={titles} />
    </div>
  );
}

function Table(props: { setting: SettingRow; titles: string[] }): React.JSX.Element {
  const { answer, save } = useSettingsState();
  const [isBusy, act] = useAction();
  const [rules, setRules] = useState(() => typedRules(answer.rules));
  const [errors, setErrors] = useState(() => storedErrors(answer.rules));
  const [problem, setProblem] = useState("");
  const settings = answer.rows.filter((one) => one.per_library);
  const isStored = isSame(rules, typedRules(answer.rules)) && !props.setting.problem;

  const change = (next: TypedRule[]): void => {
    setRules(next);
    setErrors({});
    setProblem("");
  };
  const store = (event: React.FormEvent): void => {
    event.preventDefault();
    const filled = filledRules(rules);
    change(filled);
    void act(async () => {
      const checked = await call("check_rules", { rules: filled });
      setErrors(checked.errors);
      setProblem(checked.problem);
      if (Object.keys(checked.errors).length > 0 || checked.problem) return "";
      await save({ library_rules: checked.text || null }, true);
      return `${props.setting.label}: saved.`;
    });
  };
  return (
    <Form onSubmit={store} noValidate>
      <datalist id={LIBRARIES}>
        {props.titles.map((title) => (
          <option key={title} value={title} />
        ))}
      </datalist>
      {rules.map((rule, place) => (
        <Row
          key={place}
          number={place + 1}
          rule={rule}
          settings={settings}
          error={errors[place] ?? ""}
          hint={libraryHint(rule, props.titles)}
          onChange={(next) => change(rules.map((one, other) => (other === place ? next : one)))}
          onRemove={() => change(rules.filter((_, other) => other !== place))}
        />
      ))}
      {rules.length === 0 && <p className="text-muted">No rule is set.</p>}
      <ErrorAlert text={problem} />
      <div className="plexsync-buttons mb-3">
        <Button variant="secondary" onClick={() => change([...rules, NEW_RULE])}>
          <Icon name="faPlus" /> Add a rule
        </Button>
        <Button type="submit" disabled={isBusy || isStored}>
          Save rules
        </Button>
      </div>
    </Form>
  );
}

function Row(props: {
  number: number;
  rule: TypedRule;
  settings: SettingRow[];
  error: string;
  hint: string;
  onChange: (rule: TypedRule) => void;
  onRemove: () => void;
}): React.JSX.Element {
  const { number, rule, settings, error, hint, onChange } = props;
  const setting = settings.find((one) => one.name === rule.setting);
  return (
    <div className="plexsync-rule" data-testid="plexsync-rule">
      <Form.Control
        className="text-input"
        aria-label={`Library, rule ${number}`}
        placeholder="Plex library"
        list={LIBRARIES}
        value={rule.library}
        isInvalid={error !== ""}
        onChange={(event) => onChange({ ...rule, library: event.target.value })}
      />
      <Form.Control
        className="text-input"
        as="select"
        aria-label={`Setting, rule ${number}`}
        value={rule.setting}
        isInvalid={error !== ""}
        onChange={(event) => {
          const chosen = settings.find((one) => one.name === event.target.value);
          if (chosen) onChange(withSetting(rule, chosen));
        }}
      >
        {!setting && <option value={rule.setting}>{rule.setting || "Choose a setting"}</option>}
        {settings.map((one) => (
          <option key={one.name} value={one.name}>
            {one.label}
          </option>
        ))}
      </Form.Control>
      <ValueControl {...props} setting={setting} />
      <Button
        variant="secondary"
        aria-label={`Remove rule ${number}`}
        title={`Remove rule ${number}`}
        onClick={props.onRemove}
      >
        <Icon name="faTrash" />
      </Button>
      <ErrorAlert text={error} isWide />
      {!error && hint && <p className="text-muted plexsync-wide">{hint}</p>}
    </div>
  );
}

function ValueControl(props: {
  number: number;
  rule: TypedRule;
  error: string;
  setting: SettingRow | undefined;
  onChange: (rule: TypedRule) => void;
}): React.JSX.Element {
  const { number, rule, setting, onChange } = props;
  const choices = setting ? valueChoices(setting) : [];
  const shared = {
    className: "text-input",
    "aria-label": `Value, rule ${number}`,
    value: shownValue(setting, rule.value),
    isInvalid: props.error !== "",
    onChange: (event: React.ChangeEvent<{ value: string }>) =>
      onChange({ ...rule, value: readValue(setting, event.target.value) }),
  };
  if (choices.length === 0) return <Form.Control {...shared} disabled={!setting} />;
  return (
    <Form.Control {...shared} as="select">
      {choices.map((choice) => (
        <option key={choice} value={choice}>
          {choice}
        </option>
      ))}
    </Form.Control>
  );
}
