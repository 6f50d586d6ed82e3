import { protocolSuite } from './protocol';
import { startOurRelay } from './start-our-relay';

protocolSuite(startOurRelay);
