// One Express 5 app for every measurement: WORKLOAD (and SIZE) say what it serves, VARIANT what it does it under.
import { createRequire } from 'node:module';
import { serve } from '../lib/served.mjs';
import { UNDER } from './under.mjs';
import { WORKLOADS } from './workloads.mjs';

const { VARIANT = 'bare', WORKLOAD = 'hello', SIZE } = process.env;

// Before Express is loaded, as these tools ask for. Express comes by `require`, which all of them can instrument.
const { middleware = [], last = [] } = await UNDER[VARIANT]();
const express = createRequire(import.meta.url)('express');
const app = express();
for (const each of middleware) app.use(each);
await WORKLOADS[WORKLOAD].mount(app, express, Number(SIZE || WORKLOADS[WORKLOAD].size));
for (const each of last) each(app);
serve(app);
