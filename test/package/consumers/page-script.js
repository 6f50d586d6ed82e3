// The global that the script tag made.
globalThis.consume = (server, useWebSocket) => globalThis.roundTrip(globalThis.Webifi, server, useWebSocket);
