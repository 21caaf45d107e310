// Saves changed rows without losing what other pages have saved.
import { applyChanges, lostChanges, type Changes, type KeyedRow, type StoredMap } from "./map";

export interface SaverEnvironment {
  /** Reads what Stash has stored now. */
  read(): Promise<StoredMap>;
  /** Hands a whole map over; it may be stored a little later. */
  write(map: StoredMap): Promise<void>;
  wait(durationMs: number): Promise<void>;
}

// Stash's settings page stores a map half a second after it was handed over, so another tab's map
// from before our change can arrive that much later.
export const SETTLE_MS = 800;
const MAX_TRIES = 5;

export class Saver {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly env: SaverEnvironment) {}

  /**
   * Stores the changes, one save after another: each reads the map afresh, so the one before must
   * have arrived.
   *
   * Rejects if Stash does not answer, or if the changes did not stay.
   */
  save(rows: readonly KeyedRow[], changes: Changes): Promise<void> {
    const saved = this.last.then(() => this.store(rows, changes));
    this.last = saved.catch(() => undefined);
    return saved;
  }

  private async store(rows: readonly KeyedRow[], changes: Changes): Promise<void> {
    let left = changes;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const before = await this.env.read();
      await this.env.write(applyChanges(before, rows, left));
      await this.env.wait(SETTLE_MS);
      const lost = lostChanges(before, await this.env.read(), rows, left);
      if (lost.length === 0) return;
      left = Object.fromEntries(lost.map((name) => [name, left[name] ?? null]));
    }
    throw new Error("Another page keeps writing old settings back. Close it, and save again.");
  }
}
