// Whether scene cards have marks: a choice of this browser, so that no card needs a request for it.

const KEY = "plexsync.marks";

/** Returns True unless they were switched off; a browser without storage shows them. */
export function areMarksOn(): boolean {
  try {
    return window.localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

export function setMarksOn(isOn: boolean): void {
  try {
    if (isOn) window.localStorage.removeItem(KEY);
    else window.localStorage.setItem(KEY, "off");
  } catch {
    // The browser forbids local storage; the marks stay.
  }
}
