//! A Test action: broken internal links and anchors of a site fail the job.
