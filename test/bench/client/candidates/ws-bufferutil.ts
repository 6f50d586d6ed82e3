import { requireAddOn } from '../../lab/add-on';
import { wsConnect } from '../ws-client';

requireAddOn();
export const connect = await wsConnect();
