import { CodeBox } from './code.js';

/** Nothing has reported yet: the one line that changes it. */
export function FirstSteps() {
  const collector = new URL('.', document.baseURI).href.replace(/\/$/, '');
  return (
    <section class="panel first-steps" aria-labelledby="first-title">
      <h2 id="first-title">Watch a first process</h2>
      <p>Add Holdup as the first middleware of your app, and start it. It appears here with its first second.</p>
      <Snippet
        name="In the app"
        lines={"import { holdup } from 'holdup/express';\n\napp.use(holdup());"}
        note="The first middleware, so that it sees every request from its beginning."
      />
      <Snippet name="Or without touching the code" lines="node --import holdup/register server.js" />
      <Snippet
        name="From another machine, or in production"
        lines={`HOLDUP_COLLECTOR=${collector} node server.js`}
        note="A process on this machine finds this collector by itself when it listens on the default port."
      />
    </section>
  );
}

function Snippet({ name, lines, note }: { readonly name: string; readonly lines: string; readonly note?: string }) {
  return (
    <div class="snippet">
      <h3>{name}</h3>
      <CodeBox code={lines} />
      {note !== undefined && <p class="hint">{note}</p>}
    </div>
  );
}
