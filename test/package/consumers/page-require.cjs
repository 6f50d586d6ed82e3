require('./round-trip.js');
const { Webifi } = require('webifi');

globalThis.consume = (server, useWebSocket) => globalThis.roundTrip(Webifi, server, useWebSocket);
