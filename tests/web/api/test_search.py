"""The search of a program."""


def test_it_works(program, gallery):
    first = gallery.pictures.filter(category="green").first()
    told = program("POST", "galleries/colours/search", {"parts": [{"picture": first.pk}], "count": 8}).json()
    assert told["hits"][0] | {"score": 1} == {
        "picture": first.pk,
        "score": 1,
        "path": first.path,
        "category": "green",
        "inliers": None,
    }
    assert [hit["category"] for hit in told["hits"]] == ["green"] * 8 and told["passing"] == 24
