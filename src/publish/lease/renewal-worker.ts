// The worker thread that renews many leases.
import { serve } from '../../thread/run.js'
import { type Lease, renewLeaseSync } from './lease.js'

await serve((leases: readonly Lease[]) => leases.map(renewLeaseSync))
