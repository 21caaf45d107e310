// Patching as Stash's page does it: a patched component is called with React's own arguments.
import React from "react";

type Fn = (...args: never[]) => unknown;
type Kind = "before" | "instead" | "after";

const patches: Record<Kind, Record<string, Fn[]>> = { before: {}, instead: {}, after: {} };

function add(kind: Kind) {
  return (name: string, fn: Fn): void => {
    (patches[kind][name] ??= []).push(fn);
  };
}

export const patch = { before: add("before"), instead: add("instead"), after: add("after") };

export const components: Record<string, unknown> = {};

function call(name: string, fn: Fn, args: unknown[]): unknown {
  let current = args;
  for (const before of patches.before[name] ?? []) {
    current = before(...(current as never[])) as unknown[];
    if (!Array.isArray(current)) throw new Error(`before(${name}) gave no array`);
  }
  const chain = (patches.instead[name] ?? []).reduce<Fn>(
    (next, instead) =>
      (...inner: unknown[]) =>
        instead(...([...inner, next] as never[])),
    fn,
  );
  let result = chain(...(current as never[]));
  for (const after of patches.after[name] ?? []) {
    result = after(...([...current, result] as never[]));
  }
  return result;
}

/** Makes a component that plugins can patch; known to them from its first rendering on. */
export function patchable<Props>(
  name: string,
  draw: (props: Props) => React.ReactElement | null,
): React.FC<Props> {
  // React calls a component as (props, legacyContext), and both reach the patches.
  const component = (...args: unknown[]): React.ReactElement | null => {
    components[name] = component;
    return call(name, draw, args) as React.ReactElement | null;
  };
  component.displayName = name;
  return component;
}
