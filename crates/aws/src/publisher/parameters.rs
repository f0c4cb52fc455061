//! The calls about parameters, in plain types.

use aws_config::retry::RetryConfig;
use aws_sdk_ssm::types::ParameterType;

use crate::failure::{Answered, answer};
use crate::{Failure, Place};

/// The data type by which the Systems Manager checks that a parameter names an image that can be used.
const IMAGE: &str = "aws:ec2:image";

/// What a parameter shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) value: String,
    pub(crate) version: i64,
}

/// A parameter, if it is there.
pub(crate) async fn get(place: &Place, name: &str) -> Answered<Option<Parameter>> {
    match answer(place.call("GetParameter", name), place.ssm.get_parameter().name(name).send()).await {
        Ok(found) => Ok(found.parameter.map(|parameter| Parameter {
            version: parameter.version,
            value: parameter.value.unwrap_or_default(),
        })),
        Err(failure) if failure.code == "ParameterNotFound" => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Writes a parameter once; `false` if there is one already, with whatever value. Sent once only: whoever calls looks
/// before the next attempt.
pub(crate) async fn create(place: &Place, name: &str, value: &str) -> Answered<bool> {
    match put(place, name, value, false).await {
        Ok(()) => Ok(true),
        Err(failure) if failure.code == "ParameterAlreadyExists" => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Writes a parameter in the place of another value. That this is answered does not mean that it is written: the Systems
/// Manager looks at the image first, in its own time.
pub(crate) async fn overwrite(place: &Place, name: &str, value: &str) -> Answered<()> {
    put(place, name, value, true).await
}

async fn put(place: &Place, name: &str, value: &str, overwrite: bool) -> Answered<()> {
    // Another attempt would make another version.
    let once = aws_sdk_ssm::config::Builder::default().retry_config(RetryConfig::disabled());
    let call = place
        .ssm
        .put_parameter()
        .name(name)
        .value(value)
        .r#type(ParameterType::String)
        .data_type(IMAGE)
        .overwrite(overwrite)
        .customize()
        .config_override(once);
    answer(place.call("PutParameter", name), call.send()).await.map(drop)
}

/// Deletes a parameter; it may be gone.
pub(crate) async fn delete(place: &Place, name: &str) -> Answered<()> {
    match answer(place.call("DeleteParameter", name), place.ssm.delete_parameter().name(name).send()).await {
        Ok(_) => Ok(()),
        Err(failure) if missing(&failure) => Ok(()),
        Err(failure) => Err(failure),
    }
}

fn missing(failure: &Failure) -> bool {
    failure.code == "ParameterNotFound"
}
