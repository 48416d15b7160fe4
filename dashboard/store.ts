import { batch, computed, type Signal, signal } from '@preact/signals';
import type { LiveMessage } from '../protocol/index.js';
import { Connection, type ConnectionState } from './connection.js';
import { EMPTY_PICTURE, Fleet, type FleetPicture } from './fleet.js';
import { InTurn } from './in-turn.js';

const shown: { readonly [List in keyof FleetPicture]: Signal<FleetPicture[List]> } = {
  overview: signal(EMPTY_PICTURE.overview),
  views: signal(EMPTY_PICTURE.views),
  incidents: signal(EMPTY_PICTURE.incidents),
  instances: signal(EMPTY_PICTURE.instances),
  timeline: signal(EMPTY_PICTURE.timeline),
};
/** What the page shows. While paused it stands still, though the fleet behind it is kept up to date. */
export const { overview, views, incidents, instances, timeline } = shown;

export const connection = signal<ConnectionState>({ name: 'connecting' });
/** When the page was paused, epoch milliseconds; null while it moves. */
export const pausedAt = signal<number | null>(null);
/** A file that is shown instead of the live fleet; null while the fleet is. */
export const openedFile = signal<string | null>(null);
/** Ticks once a second, for ages. */
export const now = signal(Date.now());

/** A name that is the same everywhere says nothing. */
export const manyServices = computed(() => new Set(instances.value.map(({ service }) => service)).size > 1);

/** Now as the picture's own time: the moment of the pause, or of the file. */
export const pictureTime = computed(() => {
  if (openedFile.value !== null) return overview.value?.at ?? now.value;
  return pausedAt.value ?? now.value;
});

const fleet = new Fleet();
const standsStill = (): boolean => pausedAt.peek() !== null || openedFile.peek() !== null;

/** A burst of messages is one drawing: a thousand incidents at once are drawn once. Milliseconds. */
const DRAW_EVERY_MS = 50;
let drawing = 0;

const LISTS = ['overview', 'incidents', 'timeline', 'views', 'instances'] as const;

/** What changed is drawn a list at a time. */
const redrawing = new InTurn<keyof FleetPicture>((list) => {
  if (!standsStill()) showList(list, fleet.picture());
});

function showList<List extends keyof FleetPicture>(list: List, picture: FleetPicture): void {
  shown[list].value = picture[list];
}

function show(picture: FleetPicture): void {
  batch(() => {
    for (const list of LISTS) showList(list, picture);
  });
}

/** All that is shown now, for keeping. */
export function shownPicture(): FleetPicture {
  return {
    overview: overview.peek(),
    views: views.peek(),
    incidents: incidents.peek(),
    instances: instances.peek(),
    timeline: timeline.peek(),
  };
}

function receive(message: LiveMessage): void {
  fleet.apply(message);
  // The first picture is what a person waits for, and it is drawn whole.
  if (message.type === 'snapshot' && !standsStill()) show(fleet.picture());
  else if (drawing === 0) drawing = setTimeout(draw, DRAW_EVERY_MS);
}

function draw(): void {
  drawing = 0;
  tick();
  redrawing.ask(LISTS);
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
  show(fleet.picture());
}

export function showFile(name: string, content: FleetPicture): void {
  openedFile.value = name;
  pausedAt.value = null;
  show(content);
}

/** A feed that tells something every second moves the ages as well: they need no drawing of their own. */
function tick(): void {
  if (Date.now() - now.peek() >= 900) now.value = Date.now();
}

export function startStore(): void {
  feed.start();
  setInterval(tick, 1_000);
}
