import './round-trip.js';
import { Webifi } from 'webifi';

const [server, transport] = process.argv.slice(2);
console.log(JSON.stringify(await globalThis.roundTrip(Webifi, server, transport === 'websocket')));
