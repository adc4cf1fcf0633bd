//! What plugins said last, by action: a job of a continuation chain that says nothing does not take from the console
//! what an earlier one said. This worker's memory only, as a plugin's token passes verbatim and the journal
//! has a job no longer than its result is out: a job whose chain another worker began, or an earlier run of this one, knows
//! nothing of it. What goes out with the result or continuation of the job that said it is in the outcome, and so in the
//! journal.

use std::collections::{HashMap, VecDeque};

use pipefitter_codepipeline::PipelineContext;

/// Percent and a few words.
pub(crate) type LastSaid = Option<(Option<u8>, String)>;

/// More actions than go on at a time; the oldest is forgotten first.
const ACTIONS: usize = 1_024;

/// Bounded by [`ACTIONS`], each with a summary of CodePipeline's length.
#[derive(Debug, Default)]
pub(crate) struct Said {
    by_action: HashMap<(String, String), (Option<u8>, String)>,
    order: VecDeque<(String, String)>,
}

impl Said {
    /// Of the action that this job is for.
    pub(crate) fn of(&self, source: &str, context: &PipelineContext) -> LastSaid {
        let action = context.action_execution_id.clone()?;
        self.by_action.get(&(source.to_owned(), action)).cloned()
    }

    /// For the next job of the action.
    pub(crate) fn keep(&mut self, source: &str, context: &PipelineContext, said: LastSaid) {
        let (Some(action), Some(said)) = (context.action_execution_id.clone(), said) else {
            return;
        };
        let key = (source.to_owned(), action);
        if self.by_action.insert(key.clone(), said).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > ACTIONS
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_action.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(id: usize) -> PipelineContext {
        PipelineContext {
            action_execution_id: Some(id.to_string()),
            ..PipelineContext::default()
        }
    }

    #[test]
    fn the_oldest_is_forgotten_and_sources_are_told_apart() {
        let mut said = Said::default();
        for id in 0..=ACTIONS {
            said.keep("main", &action(id), Some((Some(7), id.to_string())));
            said.keep("main", &action(id), Some((Some(8), id.to_string())));
        }
        assert_eq!(said.of("main", &action(0)), None);
        assert_eq!(said.of("main", &action(1)), Some((Some(8), "1".to_owned())));
        assert_eq!(said.of("other", &action(1)), None);
        assert_eq!(said.by_action.len(), ACTIONS);
        said.keep(
            "main",
            &PipelineContext::default(),
            Some((None, String::new())),
        );
        assert_eq!(said.order.len(), ACTIONS);
    }
}
