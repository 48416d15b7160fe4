import { computed, signal } from '@preact/signals';
import type { LiveMessage } from '../protocol/index.js';
import { Connection, type ConnectionState } from './connection.js';
import { EMPTY_PICTURE, Fleet, type FleetPicture } from './fleet.js';

/** What the page shows. While paused it stands still, though the fleet behind it is kept up to date. */
export const picture = signal<FleetPicture>(EMPTY_PICTURE);
export const connection = signal<ConnectionState>({ name: 'connecting' });
/** When the page was paused, epoch milliseconds; null while it moves. */
export const pausedAt = signal<number | null>(null);
/** A file that is shown instead of the live fleet; null while the fleet is. */
export const openedFile = signal<string | null>(null);
/** Ticks once a second, for ages. */
export const now = signal(Date.now());

export const overview = computed(() => picture.value.overview);
export const views = computed(() => picture.value.views);
export const incidents = computed(() => picture.value.incidents);
export const instances = computed(() => picture.value.instances);
export const timeline = computed(() => picture.value.timeline);

/** Now as the picture's own time: the moment of the pause, or of the file. */
export const pictureTime = computed(() => {
  if (openedFile.value !== null) return picture.value.overview?.at ?? now.value;
  return pausedAt.value ?? now.value;
});

const fleet = new Fleet();
const standsStill = (): boolean => pausedAt.peek() !== null || openedFile.peek() !== null;

/** A burst of messages is one drawing: a thousand incidents at once are drawn once. Milliseconds. */
const DRAW_EVERY_MS = 50;
let drawing = false;

function receive(message: LiveMessage): void {
  fleet.apply(message);
  // The first picture is what a person waits for.
  if (message.type === 'snapshot') draw();
  if (drawing) return;
  drawing = true;
  setTimeout(() => {
    drawing = false;
    draw();
  }, DRAW_EVERY_MS);
}

function draw(): void {
  if (!standsStill()) picture.value = fleet.picture();
}

export const feed = new Connection({
  onMessage: receive,
  onState: (state) => {
    connection.value = state;
  },
});

export function togglePause(): void {
  if (openedFile.peek() !== null) return;
  if (pausedAt.peek() === null) pausedAt.value = Date.now();
  else catchUp();
}

/** Back to the live fleet, from a pause or from a file. */
export function catchUp(): void {
  pausedAt.value = null;
  openedFile.value = null;
  now.value = Date.now();
  picture.value = fleet.picture();
}

export function showFile(name: string, content: FleetPicture): void {
  openedFile.value = name;
  pausedAt.value = null;
  picture.value = content;
}

export function startStore(): void {
  feed.start();
  setInterval(() => {
    now.value = Date.now();
  }, 1_000);
}
