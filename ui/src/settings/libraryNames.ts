// Which library a name in the setting means, as the engine decides it. Pure.

/** Returns True if the name means the library: case, blanks and quotes around a title do not count. */
export function isLibrary(title: string, name: string): boolean {
  const wanted = keyOf(name);
  return wanted === keyOf(title) || wanted === keyOf(title.trim().replace(/^"|"$/g, ""));
}

/** Returns True if one of the names means the library. */
export function isChosen(names: readonly string[], title: string): boolean {
  return names.some((name) => isLibrary(title, name));
}

/** Returns the names with the library added, or without every name that means it. */
export function toggled(names: readonly string[], title: string): string[] {
  return isChosen(names, title)
    ? names.filter((name) => !isLibrary(title, name))
    : [...names, title.trim()];
}

function keyOf(text: string): string {
  return text.normalize("NFD").toLowerCase().normalize("NFC").trim().split(/\s+/).join(" ");
}
