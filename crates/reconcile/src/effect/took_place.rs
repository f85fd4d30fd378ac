//! Whether an effect took place, as far as the result tells.

use proctor_model::{Act, Action, Outcome};
use proctor_shell::Command;

use super::Effect;

/// Whether the effect took place, as far as the act's result tells. `commands` are those of the
/// act: of a line with several commands that failed, most may have worked.
pub fn took_place(effect: &Effect, act: &Act, commands: &[Command]) -> bool {
    match act.outcome {
        Outcome::Ok | Outcome::Unknown | Outcome::Interrupted => true,
        Outcome::Failed | Outcome::Refused => {
            let ran = act.result.as_ref().is_some_and(|r| !r.refused)
                && matches!(act.action, Action::Command { .. });
            let several = commands
                .iter()
                .filter(|c| c.via.is_empty())
                .nth(1)
                .is_some();
            ran && partly(effect, several, act.outcome)
        }
    }
}

/// Whether a command line that failed had this effect all the same.
fn partly(effect: &Effect, several: bool, outcome: Outcome) -> bool {
    match effect {
        // The shell opens what output goes to before the program fails, a request is sent before
        // it is answered, a job is left although the line fails later.
        Effect::Writes(_) | Effect::Contacts(_) | Effect::LeavesJob(_) | Effect::Spawns(_) => {
            outcome == Outcome::Failed || several
        }
        // What was refused was most likely this.
        Effect::ReadsSecret(_) | Effect::UsesPrivilege(_) => several && outcome == Outcome::Failed,
        _ => several,
    }
}
