// The marks of scene cards: cards that appear together ask together, and nothing is polled.
import type { SceneStatesAnswer } from "../calls";

export type Mark = "waiting" | "failed" | null;

export interface MarksEnvironment {
  ask(ids: number[]): Promise<SceneStatesAnswer>;
  after(waitMs: number, run: () => void): () => void;
  isHidden(): boolean;
  onVisibilityChange(run: () => void): void;
}

/** Cards that appear within this time are one list. */
export const COLLECT_MS = 50;
/** One call takes so many. */
export const MAX_IDS = 1_000;

export class Marks {
  private readonly shown = new Map<number, Set<() => void>>();
  private marks: ReadonlyMap<number, Mark> = new Map();
  private cancel: (() => void) | null = null;
  private round = 0;

  constructor(private readonly env: MarksEnvironment) {
    env.onVisibilityChange(() => {
      if (!env.isHidden()) this.collect();
    });
  }

  /** Returns what is known of a scene; null for nothing to mark. */
  of(id: number): Mark {
    return this.marks.get(id) ?? null;
  }

  /** Announces a card; the returned function takes it away. `onChange` is called after an answer. */
  show(id: number, onChange: () => void): () => void {
    const cards = this.shown.get(id) ?? new Set();
    const card = (): void => onChange(); // two cards may share a function
    this.shown.set(id, cards.add(card));
    this.collect();
    return () => {
      cards.delete(card);
      if (cards.size === 0 && this.shown.get(id) === cards) this.shown.delete(id);
    };
  }

  private collect(): void {
    if (this.cancel || this.shown.size === 0) return;
    this.cancel = this.env.after(COLLECT_MS, () => {
      this.cancel = null;
      // The list is asked for when the tab becomes visible.
      if (!this.env.isHidden()) void this.askAll();
    });
  }

  private async askAll(): Promise<void> {
    const round = ++this.round;
    const ids = [...this.shown.keys()];
    const marks = new Map<number, Mark>();
    for (let start = 0; start < ids.length; start += MAX_IDS) {
      try {
        const answer = await this.env.ask(ids.slice(start, start + MAX_IDS));
        for (const id of answer.waiting) marks.set(id, "waiting");
        for (const id of answer.failed) marks.set(id, "failed");
      } catch {
        return; // a card without a mark is no error
      }
    }
    if (round !== this.round) return;
    this.marks = marks;
    for (const cards of this.shown.values()) for (const onChange of cards) onChange();
  }
}
