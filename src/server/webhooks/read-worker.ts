// The worker thread that reads one long body.
import { serve } from '../../thread/run.js'
import { announcementsIn } from './body.js'

await serve(announcementsIn)
