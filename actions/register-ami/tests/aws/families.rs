//! A release stays in the family that it was published in: another family's lease, channels and parameters are not its own.

use serde_json::Value;

use crate::journal;
use crate::world::{Run, World};

const ELSEWHERE: (&str, &str) = ("family", "debian-ap");

fn world() -> (World, Run) {
    let mut world = World::new();
    world.bake("two");
    world.bake("three");
    let one = world.done("one", &[]);
    world.done("two", &[]);
    world.done("three", &[]);
    (world, one)
}

fn refused(world: &World, extra: &[(&str, &str)], says: &str) {
    let before = world.state()["images"].clone();
    let run = world.run("one", 1, extra);
    assert_eq!(run.code, Some(1), "{extra:?}: {}", run.said);
    assert!(run.said.contains(says), "{extra:?}: {}", run.said);
    assert_eq!(world.state()["images"], before);
}

#[test]
fn it_is_neither_retired_nor_published_nor_planned_in_another_family() {
    let (world, one) = world();
    assert_eq!(journal::record(&world, &one)["family"], "debian-app");
    let says = "it is of the family debian-app, and the input `family` (or `image`) says debian-ap";
    for stage in ["deprecate", "disable", "delete"] {
        refused(&world, &[("operation", "retire"), ("stage", stage), ELSEWHERE], says);
    }
    refused(&world, &[("operation", "plan"), ELSEWHERE], says);
    refused(&world, &[ELSEWHERE], says);
    let parameters = world.proxy.state()["parameters"].to_string();
    assert!(!parameters.contains("debian-ap/"), "{parameters}");
}

#[test]
fn a_channel_of_another_family_does_not_go_back_to_it() {
    let (world, _) = world();
    let two = world.done("two", &[("channel", ""), ("operation", "plan")]);
    journal::change(&world, &two, |record| record["family"] = Value::from("debian-ap"));
    let run = world.run("three", 1, &[("operation", "rollback")]);
    assert_eq!(run.code, Some(1), "{}", run.said);
    assert!(run.said.contains("it is of the family debian-ap"), "{}", run.said);
}

#[test]
fn an_old_record_is_of_the_family_whose_parameter_shows_it() {
    let (world, one) = world();
    let forget = |record: &mut Value| drop(record.as_object_mut().unwrap().remove("family"));
    journal::change(&world, &one, forget);
    let delete = [("operation", "retire"), ("stage", "delete")];
    refused(&world, &[delete[0], delete[1], ELSEWHERE], "its record says no family");
    world.done("one", &[("operation", "retire"), ("stage", "deprecate")]);
    assert_eq!(journal::record(&world, &one)["family"], "debian-app");
    journal::change(&world, &one, forget);
    world.done("one", &[("channel", "")]);
    assert_eq!(journal::record(&world, &one)["family"], "debian-app");
    world.done("one", &delete);
    let parameters = world.proxy.state()["parameters"].to_string();
    assert!(!parameters.contains(&one.outputs["release-id"][..16]), "{parameters}");
}
