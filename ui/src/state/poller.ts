// Asks again and again while someone looks: one request for all, none while the page is hidden.

export interface PollerEnvironment {
  now(): number;
  after(waitMs: number, run: () => void): () => void;
  isHidden(): boolean;
  onVisibilityChange(run: () => void): void;
}

/** What is known: the newest answer and when it came (0: never), and why the last request failed. */
export interface Polled<T> {
  value: T | null;
  at: number;
  error: unknown;
}

interface Subscriber {
  intervalMs: number;
  onChange: () => void;
}

export class Poller<T> {
  state: Polled<T> = { value: null, at: 0, error: null };
  private readonly subscribers = new Set<Subscriber>();
  private askedAt = -Infinity;
  private isAsking = false;
  private isWanted = false;
  private cancelTimer: (() => void) | null = null;

  constructor(
    private readonly ask: () => Promise<T>,
    private readonly env: PollerEnvironment,
  ) {
    env.onVisibilityChange(() => this.schedule());
  }

  /** Keeps the answer at most `intervalMs` old until the returned function is called. */
  subscribe(intervalMs: number, onChange: () => void): () => void {
    const subscriber = { intervalMs, onChange };
    this.subscribers.add(subscriber);
    this.schedule();
    return () => {
      this.subscribers.delete(subscriber);
      this.schedule();
    };
  }

  /** Asks now, or after the request in flight: its answer may be older than what has just changed. */
  refresh(): void {
    if (this.isAsking) this.isWanted = true;
    else void this.run();
  }

  private continue(): void {
    if (this.isWanted) void this.run();
    else this.schedule();
  }

  private schedule(): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
    if (this.isAsking || this.subscribers.size === 0 || this.env.isHidden()) return;
    const intervalMs = Math.min(...[...this.subscribers].map((one) => one.intervalMs));
    const waitMs = Math.max(0, this.askedAt + intervalMs - this.env.now());
    this.cancelTimer = this.env.after(waitMs, () => void this.run());
  }

  private async run(): Promise<void> {
    this.cancelTimer?.();
    this.cancelTimer = null;
    this.isAsking = true;
    this.isWanted = false;
    this.askedAt = this.env.now();
    try {
      this.state = { value: await this.ask(), at: this.env.now(), error: null };
    } catch (error) {
      this.state = { ...this.state, error };
    }
    this.isAsking = false;
    for (const subscriber of [...this.subscribers]) subscriber.onChange();
    this.continue();
  }
}
