// What a page costs that never uses long polling; bundled and measured by `npm run check:size`.
import { WebSocketWebifi } from '../../../dist/browser.mjs';

console.log(WebSocketWebifi);
