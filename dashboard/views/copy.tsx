import { useSignal } from '@preact/signals';

/** A button that says that it did what it says. */
export function Copy({
  text,
  label = 'Copy',
  name,
}: {
  readonly text: () => string;
  readonly label?: string;
  /** By which the keyboard finds it. */
  readonly name?: string;
}) {
  const outcome = useSignal<'copied' | 'failed' | null>(null);
  const copy = async (): Promise<void> => {
    outcome.value = (await toClipboard(text())) ? 'copied' : 'failed';
    setTimeout(() => {
      outcome.value = null;
    }, 1_600);
  };
  return (
    <button type="button" class="button" data-key={name} onClick={copy}>
      <span aria-live="polite">
        {outcome.value === 'copied' ? 'Copied' : outcome.value === 'failed' ? 'Copying is not allowed here' : label}
      </span>
    </button>
  );
}

export function CopyMarkdown({ text }: { readonly text: () => string }) {
  return <Copy text={text} label="Copy as Markdown" name="copy-markdown" />;
}

/** The clipboard interface exists on https and localhost only; the old way works on a plain http address too. */
async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const back = document.activeElement;
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'unseen';
    // Where the screen is, or the page would jump to it.
    area.style.cssText = 'position:fixed;top:0';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    if (back instanceof HTMLElement) back.focus({ preventScroll: true });
    return done;
  }
}
