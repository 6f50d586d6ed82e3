// What a page costs that uses single frames; bundled and measured by `npm run check:size`.
import { FrameSocket } from '../../../dist/frames-browser.mjs';

console.log(FrameSocket);
