use super::*;

#[test]
fn no_name_ends_the_hidden_part() {
    for (name, expected) in [
        ("debian-app", "<!-- hallmark:brief:debian-app -->\n"),
        ("a--b", "<!-- hallmark:brief:a-%2Db -->\n"),
        ("--><img src=x>", "<!-- hallmark:brief:-%2D%3E%3Cimg%20src%3Dx%3E -->\n"),
        ("a\nb", "<!-- hallmark:brief:a%0Ab -->\n"),
        ("é", "<!-- hallmark:brief:%C3%A9 -->\n"),
        ("", "<!-- hallmark:brief: -->\n"),
    ] {
        assert_eq!(marker(name), expected, "{name:?}");
        assert_eq!(marker(name).matches("-->").count(), 1);
        assert!(!marker(name)[4..].trim_end().trim_end_matches("-->").contains("--"), "{name:?}");
    }
}

#[test]
fn what_fits_is_whole() {
    assert_eq!(fit("a\n\nb\n\n", "below\n", 1000), "a\n\nb\n\n---\n\nbelow\n");
}

#[test]
fn what_is_cut_leaves_nothing_open_and_keeps_what_is_below() {
    let row = "| x | é |\n".repeat(50);
    let details = format!("## Head\n\n<details><summary>More</summary>\n\n{row}\n</details>\n\nend\n");
    let code = format!("## Head\n\n````text\n{row}````\n\nend\n");
    let nested = format!("<details>\n\n<details>\n\n```text\n{row}```\n\n</details>\n\n</details>\n");
    for brief in [details, code, nested] {
        for most in [200, 201, 202, 230, 300, 333] {
            let text = fit(&brief, "below\n", most);
            assert!(text.chars().count() <= most, "{most}: {}", text.chars().count());
            assert!(text.ends_with("\n---\n\nbelow\n") && text.contains(CUT), "{text}");
            let (mut depth, mut fence) = (0, None);
            text.lines().for_each(|line| follow(line, &mut depth, &mut fence));
            assert_eq!((depth, fence), (0, None), "{most}: {text}");
        }
    }
}
