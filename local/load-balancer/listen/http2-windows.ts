/**
 * How much may be under way on HTTP/2 before the receiver says "go on". The protocol's 64 KiB make a 10 MB message wait
 * 160 times; a vector database has such messages.
 */
import type { Http2Session } from 'node:http2';

export const STREAM_WINDOW = 1024 * 1024;
const CONNECTION_WINDOW = 16 * 1024 * 1024;

export function widenConnection(session: Http2Session & { setLocalWindowSize(size: number): void }): void {
  session.setLocalWindowSize(CONNECTION_WINDOW);
}
