import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { closeDialog } from '../dialogs.js';

/** The browser's own modal dialog: it keeps the focus inside, and gives it back when it closes. */
export function Modal({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  // Before the next key can arrive: what is typed right after the shortcut belongs into the dialog.
  useLayoutEffect(() => {
    const back = document.activeElement;
    element.current?.showModal();
    return () => {
      if (back instanceof HTMLElement) back.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      aria-label={label}
      onClose={closeDialog}
      onClick={(event) => {
        if (event.target === element.current) closeDialog();
      }}
    >
      <div class="modal">{children}</div>
    </dialog>
  );
}
