require('./round-trip.js');
const Webifi = require('webifi/umd');

// The UMD file takes its WebSocket from the page; Node has one of its own only from version 22.
const [server, transport] = process.argv.slice(2);
globalThis.roundTrip(Webifi, server, transport === 'websocket').then((message) => {
  console.log(JSON.stringify(message));
});
