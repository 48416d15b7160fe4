import { writeFileSync } from 'node:fs';
import gifenc from 'gifenc';
import { PNG } from 'pngjs';

const { GIFEncoder, applyPalette, quantize } = gifenc;
/** One entry of a GIF's 256 is needed for "as in the frame before". */
const COLOURS = 255;

/** Moves the mouse there, and a ring with it, for a picture of a browser without a screen has no pointer. */
export async function pointAt(page, locator) {
  const box = await locator.boundingBox();
  if (box === null) return;
  const x = box.x + box.width / 2;
  const y = box.y + box.height / 2;
  await page.mouse.move(x, y);
  await page.evaluate(
    ([left, top]) => {
      const ring = document.querySelector('#film-pointer') ?? document.createElement('div');
      ring.id = 'film-pointer';
      document.body.append(ring);
      Object.assign(ring.style, {
        position: 'fixed',
        zIndex: '99',
        left: `${left - 11}px`,
        top: `${top - 11}px`,
        width: '22px',
        height: '22px',
        borderRadius: '50%',
        border: '2px solid #fffc',
        background: '#fff4',
        pointerEvents: 'none',
      });
    },
    [x, y],
  );
}

/** A sequence of screenshots that becomes an animated GIF, in which each frame holds only what has changed. */
export class Film {
  #take;
  #frames = [];

  /** @param {() => Promise<Buffer>} take answers a PNG; all of one size */
  constructor(take) {
    this.#take = take;
  }

  /** Takes `frames` pictures, each to be shown for `eachMs` and taken that far apart. */
  async roll(frames, eachMs) {
    for (let i = 0; i < frames; i++) {
      const startedAt = performance.now();
      const { data, width, height } = PNG.sync.read(await this.#take());
      this.#frames.push({ data, width, height, delay: eachMs });
      const left = eachMs - (performance.now() - startedAt);
      if (i + 1 < frames && left > 0) await new Promise((resolve) => setTimeout(resolve, left));
    }
  }

  save(path) {
    const gif = GIFEncoder();
    const palette = this.#palette();
    // A pixel that is transparent shows the frame before: screens change little, and runs of one value pack well.
    const transparentIndex = palette.length;
    const withClear = [...palette, [0, 0, 0]];
    let before = null;
    for (const { data, width, height, delay } of this.#frames) {
      const index = applyPalette(data, palette);
      const shown =
        before === null ? index : index.map((value, at) => (value === before[at] ? transparentIndex : value));
      gif.writeFrame(shown, width, height, {
        palette: before === null ? withClear : undefined,
        delay,
        transparent: before !== null,
        transparentIndex,
        dispose: 1,
      });
      before = index;
    }
    gif.finish();
    writeFileSync(path, gif.bytes());
  }

  /** One palette for the whole film, or colours would flicker from frame to frame. */
  #palette() {
    const [first] = this.#frames;
    const last = this.#frames.at(-1);
    const both = new Uint8Array(first.data.length + last.data.length);
    both.set(first.data, 0);
    both.set(last.data, first.data.length);
    return quantize(both, COLOURS);
  }
}
