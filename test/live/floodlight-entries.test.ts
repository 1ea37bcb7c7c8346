import { startFloodlight } from '../stand-in/floodlight-stand-in.ts';
import { floodlightSuite } from './floodlight-suite.ts';

floodlightSuite('a stand-in for Floodlight', 'entries', () => startFloodlight({ delayFactor: 0.1 }));
