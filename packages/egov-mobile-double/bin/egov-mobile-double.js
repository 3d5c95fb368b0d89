#!/usr/bin/env node
// This file is committed, so that npm can link the command before `prepare` has built dist/.
import { main } from '../dist/cli.js';

process.exitCode = await main(process.argv.slice(2));
