// Toasts: one at a time, gone after five seconds.
import React, { createContext, useContext, useMemo, useState } from "react";
import { Toast } from "react-bootstrap";

interface Shown {
  text: string;
  variant: "success" | "danger";
}

interface Toasts {
  success: (text: string) => void;
  error: (error: unknown) => void;
}

const Context = createContext<Toasts | null>(null);

export function useToast(): Toasts {
  const toasts = useContext(Context);
  if (toasts === null) throw new Error("no toasts here");
  return toasts;
}

export function ToastProvider({ children }: { children: React.ReactNode }): React.JSX.Element {
  const [shown, setShown] = useState<Shown | null>(null);
  const toasts = useMemo<Toasts>(
    () => ({
      success: (text) => setShown({ text, variant: "success" }),
      error: (error) =>
        setShown({
          text: error instanceof Error ? error.message : String(error),
          variant: "danger",
        }),
    }),
    [],
  );
  return (
    <Context.Provider value={toasts}>
      {children}
      <div className="toast-container" role="status">
        {shown && (
          <Toast
            key={shown.text}
            show
            autohide
            delay={5000}
            onClose={() => setShown(null)}
            className={shown.variant}
            data-testid="stash-toast"
          >
            <Toast.Body>{shown.text}</Toast.Body>
          </Toast>
        )}
      </div>
    </Context.Provider>
  );
}
