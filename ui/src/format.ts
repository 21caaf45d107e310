// Numbers, times and durations as they are read.

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** Returns a count with separators and its noun: `1,234 jobs`, `1 job`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/** Returns the two largest units: `3 d 4 h`, `5 min`, `0 s`; seconds only below ten minutes. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts: [number, string][] = [
    [Math.floor(whole / DAY_S), "d"],
    [Math.floor((whole % DAY_S) / HOUR_S), "h"],
    [Math.floor((whole % HOUR_S) / MINUTE_S), "min"],
    [whole < 10 * MINUTE_S ? whole % MINUTE_S : 0, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** Returns `5 min ago` or `in 5 min`; "never" for 0. Both times in epoch seconds. */
export function relative(at: number, now: number): string {
  if (at <= 0) return "never";
  const away = Math.round(at - now);
  if (Math.abs(away) < 1) return "now";
  return away > 0 ? `in ${duration(away)}` : `${duration(-away)} ago`;
}

/** Returns date and time in the browser's zone; "" for 0. */
export function dateTime(at: number): string {
  if (at <= 0) return "";
  return new Date(at * 1_000).toLocaleString(undefined, {
    dateStyle: "medium",
    timeStyle: "medium",
  });
}

/** Returns `98.7 %`; a share that is not whole never shows as 100 %. */
export function percent(share: number): string {
  const rounded = Math.round(share * 1_000) / 10;
  const shown = share < 1 ? Math.min(rounded, 99.9) : rounded;
  return `${shown} %`;
}

/** Returns a name of the code as words: `name_and_size` becomes `Name and size`. */
export function words(name: string): string {
  const text = name.replace(/_/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
