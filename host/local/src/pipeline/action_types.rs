//! The operations on custom action types.

use serde_json::{Value, json};

use super::check_action_type;
use super::declarations::limit;
use super::engine::Engine;
use super::error::ApiError;
use super::model::ActionTypeId;
use super::operation::{CreateCustomActionType, ListActionTypes};
use super::page::{self, Page};
use super::requests::DeleteCustomActionType;

/// Custom action types per Region and account (the user guide's limits page).
const MAX_ACTION_TYPES: usize = 50;

impl Engine {
    pub(super) fn create_action_type(
        &mut self,
        request: CreateCustomActionType,
    ) -> Result<Value, ApiError> {
        let tags = json!(request.tags);
        let declared = check_action_type::check(request)?;
        let id = declared.id.clone();
        if let Some(deleted) = self.deleted_types.get(&id)
            && *deleted != declared
        {
            return Err(ApiError::validation(format!(
                "{id} was deleted, and can only be restored with the same definition; another \
                 definition needs a version that was never used"
            )));
        }
        if self.types.contains_key(&id) {
            return Err(ApiError::validation(format!(
                "{id} already exists; a changed action type needs a new version"
            )));
        }
        let custom = self.types.keys().filter(|id| id.owner == "Custom").count();
        if custom >= MAX_ACTION_TYPES {
            return Err(limit(&format!("{MAX_ACTION_TYPES} custom action types")));
        }
        let answer = json!({ "actionType": declared, "tags": tags });
        self.deleted_types.remove(&id);
        self.types.insert(id, declared);
        Ok(answer)
    }

    pub(super) fn list_action_types(&self, request: &ListActionTypes) -> Result<Value, ApiError> {
        let is_here = request
            .region_filter
            .as_ref()
            .is_none_or(|region| *region == self.settings.region);
        let types: Vec<_> = self
            .types
            .values()
            .filter(|kind| {
                is_here
                    && request
                        .action_owner_filter
                        .as_ref()
                        .is_none_or(|o| *o == kind.id.owner)
            })
            .collect();
        let Page { items, next } = page::cut(types, request.next_token.as_deref(), None)?;
        Ok(page::answer("actionTypes", json!(items), next))
    }

    /// Marks a type as deleted: nobody gets its jobs, and no action of it begins any more. Jobs that
    /// a worker has go on.
    pub(super) fn delete_action_type(
        &mut self,
        request: DeleteCustomActionType,
    ) -> Result<Value, ApiError> {
        let id = ActionTypeId {
            category: request.category,
            owner: "Custom".into(),
            provider: request.provider,
            version: request.version,
        };
        let (id, kind) = self
            .types
            .remove_entry(&id)
            .ok_or_else(|| ApiError::action_type_not_found(&id))?;
        self.deleted_types.insert(id, kind);
        Ok(json!({}))
    }
}
