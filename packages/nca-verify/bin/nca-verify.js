#!/usr/bin/env node
// Committed as it is, so that npm finds and links it before `prepare` has built dist/.
import { main } from '../dist/cli.js';

process.exitCode = main(process.argv.slice(2));
