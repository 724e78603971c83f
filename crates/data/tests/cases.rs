//! Inputs on which other tools went wrong, with the right answer. (Labels, scales and splits have more beside their code.)

use chainrule_data::{
    Cell, CsvReader, Dataset, Error, ErrorKind, Note, Preprocessing, Scaling, Schema, Table,
};

fn read(text: impl AsRef<[u8]>) -> Result<Table, Error> {
    Table::from_csv("t.csv", text.as_ref())
}

fn encode(text: impl AsRef<[u8]>, target: &str) -> Result<(Schema, Dataset), Error> {
    let table = read(text)?;
    let schema = Schema::infer(&table, target, None)?;
    let data = schema.encode(&table)?;
    Ok((schema, data))
}

fn message(text: impl AsRef<[u8]>) -> String {
    encode(text, "y").unwrap_err().to_string()
}

fn numbers(table: &Table, name: &str) -> Vec<f64> {
    let column = table.column(name).unwrap();
    (0..table.rows())
        .map(|row| match column.cell(row) {
            Cell::Number(value) => value,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_delimiter_at_the_end_of_each_row_moves_no_value() {
    for header in ["y,a,b", "y,a,b,"] {
        let table = read(format!(
            "{header}\n1,10,20,\n0,30,40,\n1,50,60,\n0,70,80, \n"
        ))
        .unwrap();
        assert_eq!(numbers(&table, "y"), [1.0, 0.0, 1.0, 0.0]);
        assert_eq!(numbers(&table, "a"), [10.0, 30.0, 50.0, 70.0]);
        assert_eq!(numbers(&table, "b"), [20.0, 40.0, 60.0, 80.0]);
        assert_eq!(table.notes(), [Note::TrailingDelimiter]);
    }
    // In some rows only, it is a row of another length.
    assert!(message("y,a,b\n1,10,20,\n0,30\n").contains("line 3: 2 fields, header has 3"));
    assert!(message("y,a,b\n1,10,20,\n0,30,40\n").contains("line 3: 3 fields"));
    assert!(message("y,a,b\n1,10,20\n0,30,40,\n").contains("line 3: 4 fields, header has 3"));
    assert!(message("y,a,b\n1,10,20,5\n").contains("line 2: 4 fields, header has 3"));
    assert!(
        message("y,a,b,\n1,10,20,\n0,1,2,7\n")
            .contains("line 3: the last field, \"7\", has no name")
    );
}

#[test]
fn lines_are_physical_whatever_ends_them() {
    for text in [
        "y,x\r\n1,\"a\r\nb\"\r\n0\r\n",
        "y,x\r\n1,\"a\r\nb\"\r\n0",
        "y,x\n1,\"a\nb\"\n0\n",
        "y,x\r1,\"a\rb\"\r0\r",
        "\u{feff}y,x\r\n1,\"a\r\nb\"\r\n0\r\n",
    ] {
        assert!(
            message(text).contains("line 4: 1 field, header has 2"),
            "{text:?}: {}",
            message(text)
        );
    }
    let blank = "\r\ny,x\r\n\r\n1,2\r\n  \r\n0,oops\r\n\r\n\r\n";
    assert!(
        message(blank).contains("line 6, column \"x\": \"oops\""),
        "{}",
        message(blank)
    );
    for end in ["\n", "\r\n", "\r"] {
        let (_, data) = encode(["y,x", "1,5", "0,6", "", ""].join(end), "y").unwrap();
        assert_eq!(
            (data.features().as_slice(), data.labels()),
            (&[5.0, 6.0][..], &[true, false][..])
        );
        assert_eq!(data.line(1), Some(3));
    }
}

#[test]
fn lines_stay_right_where_rows_cross_the_buffers_of_a_large_file() {
    let mut text = "y,x\r\n".to_owned();
    for row in 0..40_000 {
        text += if row % 7 == 0 {
            "1,\"  3\r\n\"\r\n"
        } else {
            "0,4\r\n"
        };
    }
    text += "0,oops\r\n";
    let line = text.lines().count();
    assert!(message(text).contains(&format!("line {line}, column \"x\": \"oops\"")));
}

#[test]
fn bytes_that_are_not_utf_8_are_named_where_they_are() {
    let text = b"y,n\n1,p\xe9re\n0,p\xe8re\n1,p\xe9re\n0,p\xe8re\n";
    assert!(
        message(text).contains("line 2, column \"n\": byte 0xE9 is not UTF-8"),
        "{}",
        message(text)
    );
    assert!(message(b"y,\xfcber\n1,2\n").contains("line 1, column 2: byte 0xFC"));
    let (_, data) = encode("y,größe\nä,1\nö,2\n", "y").unwrap();
    assert_eq!(data.labels(), [false, true]);
    // Each half of a character on its own side of a comma.
    assert!(message(b"y,\xc3,\xa9\n").contains("not UTF-8"));
}

#[test]
fn duplicate_and_empty_names_lose_no_column() {
    for text in [
        "a,a,a.1,y\n1,2,3,0\n4,5,6,1\n",
        "y,x,y\n1,2,1\n0,3,0\n",
        "y,x, x\n1,2,3\n",
        ",x,y\n0,1,1\n",
    ] {
        let error = encode(text, "y").unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Header { .. }), "{error}");
    }
}

#[test]
fn blanks_round_numbers_and_names_do_not_count() {
    let (schema, data) = encode("y, x\n1, 0.5\n0, 0.7 \n1, 0.6\n0,\t0.9\n", "y").unwrap();
    assert_eq!(schema.feature_names().collect::<Vec<_>>(), ["x"]);
    assert_eq!(data.features().as_slice(), [0.5, 0.7, 0.6, 0.9]);
}

#[test]
fn numbers_that_are_names_keep_their_digits_and_spelling() {
    for [a, b] in [
        ["9007199254740992", "9007199254740993"],
        ["01", "02"],
        ["007", "7"],
    ] {
        let (schema, data) = encode(format!("y,x\n{b},1\n{a},2\n{b},3\n"), "y").unwrap();
        assert_eq!(data.labels(), [true, false, true]);
        assert_eq!(
            (schema.labels().of(false), schema.labels().of(true)),
            (a, b)
        );
    }
    let table = read("y,id\n1,9007199254740993\n0,9007199254740995\n").unwrap();
    let Note::BigIntegers {
        column,
        line: 2,
        count: 2,
    } = &table.notes()[0]
    else {
        panic!("{:?}", table.notes())
    };
    assert_eq!(column, "id");
}

#[test]
fn any_two_labels_will_do() {
    for [negative, positive] in [
        ["1", "2"],
        ["-1", "1"],
        ["0", "1"],
        ["g", "b"],
        ["benign", "malignant"],
    ] {
        let text = format!("y,x\n{negative},0\n{positive},1\n{negative},0.1\n{positive},0.9\n");
        let (schema, data) = encode(&text, "y").unwrap();
        let turned =
            [negative, positive].is_sorted_by(|a, b| match (a.parse::<f64>(), b.parse::<f64>()) {
                (Ok(a), Ok(b)) => a <= b,
                _ => a <= b,
            });
        assert_eq!(data.labels(), [!turned, turned, !turned, turned]);
        let chosen = Schema::infer(&read(&text).unwrap(), "y", Some(negative)).unwrap();
        assert_eq!(chosen.labels().positive, negative);
        assert_eq!(schema.target(), "y");
    }
}

#[test]
fn a_test_file_that_spells_labels_otherwise_is_an_error_not_a_class() {
    let (schema, _) = encode("x,y\n1, >50K\n2, <=50K\n", "y").unwrap();
    let test = |text: &str| schema.encode(&read(text).unwrap());
    assert_eq!(
        test("x,y\n1,>50K\n2, <=50K\n").unwrap().labels(),
        [true, false]
    );
    let error = test("x,y\n1, >50K.\n2, <=50K.\n3, <=50K.\n")
        .unwrap_err()
        .to_string();
    for part in [
        "\"<=50K.\" (2 rows)",
        "\">50K.\" (1 row)",
        "\"<=50K\" (negative)",
        "\">50K\" (positive)",
        "line 2",
    ] {
        assert!(error.contains(part), "{error}");
    }
    let (schema, _) = encode("x,y\n1,0\n2,1\n", "y").unwrap();
    assert_eq!(
        schema
            .encode(&read("x,y\n1,1.0\n2,0.0\n").unwrap())
            .unwrap()
            .labels(),
        [true, false]
    );
    let (schema, _) = encode("x,y\n1,False\n2,True\n", "y").unwrap();
    assert_eq!(
        schema
            .encode(&read("x,y\n1,TRUE\n2,FALSE\n").unwrap())
            .unwrap()
            .labels(),
        [true, false]
    );
    // One class only: the classes are the model's.
    assert_eq!(
        schema
            .encode(&read("x,y\n1,True\n").unwrap())
            .unwrap()
            .labels(),
        [true]
    );
}

#[test]
fn the_positive_class_depends_neither_on_order_nor_on_size() {
    let rows = ["1,cancer", "2,healthy", "3,healthy"];
    let orders = [
        vec![0, 1, 2],
        vec![2, 1, 0],
        vec![0, 0, 0, 0, 1],
        vec![1, 2, 1, 2, 0],
    ];
    for order in orders {
        let text = order
            .iter()
            .fold("x,y".to_owned(), |text, &row| text + "\n" + rows[row]);
        assert_eq!(encode(text, "y").unwrap().0.labels().positive, "healthy");
    }
}

#[test]
fn a_file_with_rows_of_weight_zero_is_the_file_without_them() {
    let text = "x,y\n1,a\n2,b\n4,a\n3,b\n7,a\n5,b\n";
    let (_, data) = encode(text, "y").unwrap();
    let (_, longer) = encode(text.to_owned() + "1e9,b\n-1e9,a\n1e9,b\n1e9,a\n", "y").unwrap();
    let longer = longer
        .with_weights([[1.0; 6].as_slice(), &[0.0; 4]].concat())
        .unwrap();
    let data = data.with_weights(vec![1.0; 6]).unwrap();
    assert_eq!(longer.features(), data.features());
    assert_eq!(
        (longer.labels(), longer.weights()),
        (data.labels(), data.weights())
    );
    let fit = |data: &Dataset| Preprocessing::fit(Scaling::Standard, data).unwrap();
    assert_eq!(fit(&longer), fit(&data));
}

#[test]
fn constant_tiny_and_distant_features() {
    let text = "c,t,o,h,y\n14.62,1e-20,1000000000,1e200,a\n14.62,2e-20,1000000001,2e200,b\n14.62,3e-20,1000000002,3e200,a\n";
    let (_, data) = encode(text, "y").unwrap();
    let scaled = Preprocessing::fit(Scaling::Standard, &data)
        .unwrap()
        .transform::<f32>(&data)
        .unwrap();
    assert!(scaled.row(0).iter().all(|&x| x == 0.0));
    for feature in 1..4 {
        for (x, expected) in scaled.row(feature).iter().zip([-1.224745, 0.0, 1.224745]) {
            assert!((x - expected).abs() < 1e-6, "feature {feature}: {x}");
        }
    }
}

#[test]
fn values_that_f32_can_not_hold_are_named() {
    let (_, data) = encode("x,y\n1,a\n1e39,b\n", "y").unwrap();
    let error = Preprocessing::None
        .transform::<f32>(&data)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "t.csv: line 3, column \"x\": 1e39 is, once scaled, too large for f32; correct it or remove the row"
    );
    assert!(Preprocessing::None.transform::<f64>(&data).is_ok());
}

#[test]
fn blocks_have_the_lines_and_rows_of_the_file() {
    let text = "id,x\n\"a\n1\",1\nb,2\nc,oops\n";
    let (schema, _) = encode("x,y\n1,a\n2,b\n", "y").unwrap();
    let mut reader = CsvReader::new("rows.csv", text.as_bytes())
        .unwrap()
        .keep_cells();
    assert_eq!(reader.names(), ["id", "x"]);
    let first = reader.next_block(2).unwrap().unwrap();
    assert_eq!((first.cell(0, 0), first.table().line(1)), ("a\n1", 4));
    assert_eq!(
        schema
            .encode_features(first.table())
            .unwrap()
            .features()
            .as_slice(),
        [1.0, 2.0]
    );
    let second = reader.next_block(2).unwrap().unwrap();
    assert_eq!(
        (second.table().rows(), second.table().row_number(0)),
        (1, 3)
    );
    let error = schema
        .encode_features(second.table())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("rows.csv: line 5, column \"x\": \"oops\" is not a number"),
        "{error}"
    );
    assert!(reader.next_block(2).unwrap().is_none());
    assert!(reader.next_block(2).unwrap().is_none());
}

#[test]
fn the_hash_is_that_of_the_bytes() {
    // printf 'y,x\n1,2\n' | sha256sum, without and with a byte order mark in front
    let plain = read("y,x\n1,2\n").unwrap();
    assert_eq!(
        plain.sha256(),
        Some("f26eb152302d7cdfc90b3ceada82390c47b275119feca0167290268f29750fee")
    );
    let marked = read("\u{feff}y,x\n1,2\n").unwrap();
    assert_eq!(
        marked.sha256(),
        Some("b998839e9873c62a4dadc2c109bdff0a797e2e5c57584b73008d227581410a6c")
    );
    assert_eq!(plain.names(), marked.names());
    assert!(plain.columns().eq(marked.columns()));
}
