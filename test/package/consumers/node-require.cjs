require('./round-trip.js');
const { Webifi } = require('webifi');

const [server, transport] = process.argv.slice(2);
globalThis.roundTrip(Webifi, server, transport === 'websocket').then((message) => {
  console.log(JSON.stringify(message));
});
