import { loadWsCodec } from '../ws-codec';

process.env['WS_NO_BUFFER_UTIL'] = '1';
process.env['WS_NO_UTF_8_VALIDATE'] = '1';
export const codec = await loadWsCodec();
