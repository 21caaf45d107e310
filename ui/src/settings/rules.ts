// Library rules as rows of the table. Pure.
import type { RuleRow, SettingRow, TypedRule } from "../calls";
import { isChosen } from "./libraryNames";
import { textOf } from "./values";

type Choice = Pick<SettingRow, "name" | "type" | "choices" | "value">;

export const NEW_RULE: TypedRule = { library: "", setting: "", value: "" };

/** Returns what is stored of the rules, without what is wrong with them. */
export function typedRules(rows: readonly RuleRow[]): TypedRule[] {
  return rows.map(({ library, setting, value }) => ({ library, setting, value }));
}

/** Returns what is wrong with the stored rules by the row's number. */
export function storedErrors(rows: readonly RuleRow[]): Record<string, string> {
  const entries = rows.map((row, place) => [String(place), row.error] as const);
  return Object.fromEntries(entries.filter(([, error]) => error !== ""));
}

/** Returns the rules without rows in which nothing was entered. */
export function filledRules(rules: readonly TypedRule[]): TypedRule[] {
  return rules.filter((rule) => rule.library.trim() !== "" || rule.setting !== "");
}

/** Returns the rule for another setting, which begins with the value that counts everywhere. */
export function withSetting(rule: TypedRule, setting: Choice): TypedRule {
  return { ...rule, setting: setting.name, value: setting.value };
}

/** Returns the entries of a list for the rule's value; [] where it is typed. */
export function valueChoices(setting: Choice): string[] {
  return setting.type === "BOOLEAN" ? ["on", "off"] : setting.choices;
}

/** Returns the value as its field shows it. */
export function shownValue(setting: Choice | undefined, value: TypedRule["value"]): string {
  if (setting?.type === "BOOLEAN") return value === true || value === "on" ? "on" : "off";
  return typeof value === "boolean" ? String(value) : textOf(value);
}

/** Returns what the field shows as a value of the setting. */
export function readValue(setting: Choice | undefined, text: string): TypedRule["value"] {
  return setting?.type === "BOOLEAN" ? text === "on" : text;
}

/** Returns True if both say the same, row by row. */
export function isSame(left: readonly TypedRule[], right: readonly TypedRule[]): boolean {
  const text = (rules: readonly TypedRule[]): string =>
    JSON.stringify(rules.map((rule) => [rule.library.trim(), rule.setting, String(rule.value)]));
  return text(left) === text(right);
}

/** Returns a hint where Plex has no library of the rule's name, "" where it has or none is known. */
export function libraryHint(rule: TypedRule, titles: readonly string[]): string {
  const name = rule.library.trim();
  if (name === "" || titles.length === 0) return "";
  const isKnown = titles.some((title) => isChosen([name], title));
  return isKnown ? "" : "Plex has no library of this name, so the rule changes nothing.";
}
