import { requireAddOn } from '../../lab/add-on';
import { loadWsCodec } from '../ws-codec';

requireAddOn();
export const codec = await loadWsCodec();
