import React, { useState } from "react";
import { Form } from "react-bootstrap";
import { areMarksOn, setMarksOn } from "../scene/marksSwitch";

/** Whether scene cards have marks, in this browser. */
export function MarksSwitch(): React.JSX.Element {
  const [isOn, setIsOn] = useState(areMarksOn());
  const change = (): void => {
    setMarksOn(!isOn);
    setIsOn(!isOn);
  };
  return (
    <div className="setting plexsync-setting" data-setting="marks">
      <div>
        <h3>Marks on scene cards</h3>
        <div className="sub-heading" id="plexsync-about-marks">
          A small mark on the card of a scene that waits for Plex or that failed for good. Kept in
          this browser only.
        </div>
      </div>
      <div className="plexsync-value">
        <Form.Check
          type="switch"
          id="plexsync-field-marks"
          aria-label="Marks on scene cards"
          aria-describedby="plexsync-about-marks"
          label={isOn ? "on" : "off"}
          checked={isOn}
          onChange={change}
        />
      </div>
    </div>
  );
}
