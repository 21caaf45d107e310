"""Define what the pages' calls take and answer; `ui/src/calls.ts` is generated from it."""
