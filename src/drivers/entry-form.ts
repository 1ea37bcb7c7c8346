/** Entries as people write and read them: in the form of the Static Entry Pusher, whatever the controller is. */

export { decodePost } from './pusher/post-reader.ts';
export { uncheckedBody } from './pusher/unchecked-body.ts';
export { encodeEntry } from './pusher/wire.ts';
