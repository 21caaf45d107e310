// One setting's value: what the field shows, and what is wrong with it before it is sent. Pure.
import type { SettingRow } from "../calls";

export type Value = SettingRow["value"];
type Bounds = Pick<SettingRow, "type" | "lowest" | "highest" | "is_whole" | "unit">;

/** Returns the value as a text field shows it. */
export function textOf(value: Value): string {
  return typeof value === "number" ? String(value) : String(value || "");
}

/** Returns what a text field holds as a value of the row; null if a number's field is empty. */
export function valueOf(row: Bounds, text: string): Value | null {
  if (row.type !== "NUMBER") return text.trim();
  return text.trim() === "" ? null : Number(text);
}

/** Returns what is wrong with a typed text, "" for nothing: the rules that need no request. */
export function problemOf(row: Bounds, text: string): string {
  if (row.type !== "NUMBER" || text.trim() === "") return "";
  const number = Number(text);
  if (!Number.isFinite(number)) return "This is not a number.";
  if (number === 0) return ""; // means the default
  if (number < row.lowest || number > row.highest) return `This is out of range. ${boundsOf(row)}`;
  if (row.is_whole && !Number.isInteger(number)) return "Enter a whole number.";
  return "";
}

/** Returns the bounds of a number as a sentence; "" for other types. */
export function boundsOf(row: Bounds): string {
  if (row.type !== "NUMBER") return "";
  const unit = row.unit ? ` ${row.unit}` : "";
  return `From ${row.lowest} to ${row.highest}${unit}.`;
}
