// Imported first: zod would try, when a schema is made, whether it may turn text into code. The
// policy of the page forbids that, and the browser would report the try.

import { config } from 'zod';

config({ jitless: true });
