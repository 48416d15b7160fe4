/** A socket to `api/v1/live`, and what it said before anybody listened. */
export interface LiveSocket {
  readonly socket: WebSocket;
  readonly heard: string[];
}

let early: LiveSocket | null = null;

function openLiveSocket(): LiveSocket {
  // Relative to the page, so that it works under a sub-path; http becomes ws, https wss.
  const url = new URL('api/v1/live', document.baseURI);
  url.protocol = url.protocol.replace('http', 'ws');
  url.hash = '';
  url.search = '';
  const socket = new WebSocket(url);
  const heard: string[] = [];
  socket.onmessage = (event) => heard.push(event.data);
  return { socket, heard };
}

/** Asks for the fleet while the page's own code is still on its way. */
export function openEarly(): void {
  early = openLiveSocket();
}

/** The early socket for whoever comes first, then a new one. */
export function takeLiveSocket(): LiveSocket {
  const taken = early ?? openLiveSocket();
  early = null;
  return taken;
}
