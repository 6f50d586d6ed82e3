import './round-trip.js';
import { Webifi } from 'webifi';

globalThis.consume = (server, useWebSocket) => globalThis.roundTrip(Webifi, server, useWebSocket);
